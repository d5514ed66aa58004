import pytest
from rlm_crystal.secrets import secret_reason


@pytest.mark.parametrize(
    "path",
    [
        ".env", "app/.env.production", "prod.env", "id_rsa", "keys/server.pem", "passwords.txt",
        "credentials.json", "aws-credentials", "config/secrets.yml", ".npmrc", ".netrc",
        "client_secret_123.json", "home/.aws/config", "prod.tfvars", "terraform.tfstate",
        "a/.ssh/config", ".git-credentials", "Secrets.YAML",
    ],
)  # fmt: skip
def test_a_file_named_like_a_secret_is_one(path):
    assert secret_reason(path)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example", "id_rsa.pub", "secrets.py", "src/credentials.go", "docs/auth/passwords.txt",
        "common-passwords-custom.txt", "templates/password_reset_subject.txt", "settings.py",
        "secrets/README.md", "environment.yml", "tokenizer.json",
    ],
)  # fmt: skip
def test_samples_and_code_about_secrets_are_not_secrets(path):
    assert secret_reason(path) is None
