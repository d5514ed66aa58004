"""Attack payloads of our own, in the seven categories that the seed calls CIRCLE.

(The name also belongs to arXiv 2507.19399, which covers resource exhaustion only; the seven here
are direct, obfuscated, indirect through the context, memory corruption, privilege escalation,
exfiltration and denial of service.)
"""

from attacks.payload import Payload
from attacks.payloads.denial import DENIAL
from attacks.payloads.direct import DIRECT
from attacks.payloads.exfiltration import EXFILTRATION
from attacks.payloads.indirect import INDIRECT
from attacks.payloads.memory_corruption import MEMORY_CORRUPTION
from attacks.payloads.obfuscated import OBFUSCATED
from attacks.payloads.privilege import PRIVILEGE

ALL: tuple[Payload, ...] = (
    *DIRECT, *OBFUSCATED, *INDIRECT, *MEMORY_CORRUPTION, *PRIVILEGE, *EXFILTRATION, *DENIAL,
)  # fmt: skip
