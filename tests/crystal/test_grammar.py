# ruff: noqa: E501, W291
"""One small text per language, and what its grammar must find in it."""

from dataclasses import dataclass

import pytest
from rlm_crystal.chunk import parse
from rlm_crystal.language import language_of
from rlm_crystal.types import Document, ParsedFile


@dataclass(frozen=True)
class Sample:
    path: str
    text: str
    definitions: list[str]
    calls: list[str]
    imports: list[str]
    docs: dict[str, str]


def parse_text(path: str, text: str) -> ParsedFile:
    return parse(Document(path, text, language_of(path, text), "", len(text), 0))


SAMPLES = [
    Sample(
        path="a/x.py",
        text="""\
\"\"\"Doc of module.\"\"\"
from ..b import c as d, e
from . import f
import os.path as p
X = 1

# about deco
@app.route("/")
def f(a: int,
      b=2) -> int:
    \"\"\"Say hello. Twice.

    More.
    \"\"\"
    def inner(): return g()
    return inner()

class A(Base, m.Mixin):
    y = 1
    @property
    def m(self): return self.z()
""",
        definitions=["constant X", "function f", "function f.inner", "class A", "method A.m"],
        calls=[
            "- calls route",
            "f.inner calls g",
            "f calls inner",
            "A calls Base",
            "A calls Mixin",
            "A calls property",
            "A.m calls z",
        ],
        imports=["b", "b.c", "b.e", "a", "a.f", "os.path"],
        docs={"f": "Say hello. Twice."},
    ),
    Sample(
        path="a/x.js",
        text="""\
import a, {b as c} from './m';
/** Makes f. */
export const f = async (x) => { g(x); o.h(); new K(); };
class A extends B { #p = 1; m() {} static z = () => 2; }
module.exports.q = function () {};
const r = require('fs');
const obj = { k: function(){}, l() {} };
A.prototype.w = function() {}
export default function dd() {}
""",
        definitions=[
            "function f",
            "class A",
            "method A.m",
            "method A.z",
            "function q",
            "constant r",
            "constant obj",
            "method obj.k",
            "method obj.l",
            "method A.w",
            "function dd",
        ],
        calls=["f calls g", "f calls h", "f calls K", "A calls B", "r calls require"],
        imports=["a", "b", "a/m", "fs"],
        docs={"f": "Makes f."},
    ),
    Sample(
        path="a/x.ts",
        text="""\
export abstract class A<T> extends Q implements W { private x: number = 1; constructor(){} abstract m(): void; n(): void {} }
export interface I { a(): void; b: number }
type T = string; enum E { A } namespace N { function f() {} } declare function g(): void;
import type {Q} from "q"; export {z} from "zz"; import fs = require("fs");
const store = defineStore('x', () => { return go() })
""",
        definitions=[
            "class A",
            "method A.constructor",
            "method A.m",
            "method A.n",
            "interface I",
            "method I.a",
            "type T",
            "enum E",
            "module N",
            "function N.f",
            "function g",
            "constant store",
        ],
        calls=["A calls Q", "A calls W", "store calls defineStore", "store calls go"],
        imports=["Q", "q", "zz", "fs"],
        docs={},
    ),
    Sample(
        path="a/x.tsx",
        text="""\
export const C: FC<P> = ({a}) => { return <Foo a={a}><Bar/></Foo> }
""",
        definitions=["function C"],
        calls=["C calls Foo", "C calls Bar"],
        imports=[],
        docs={},
    ),
    Sample(
        path="a/x.go",
        text="""\
package p
import ("fmt"; x "a/b")
const A = 1
const (
 Q = 1
 R = 2
)
var B, C = 2, 3
// T is a thing.
type T struct { a int }
type I interface { M() }
type Al = int
type ( U struct {}
 V int )
// M does.
func (t *T[K]) M(a int) error { fmt.Println(a); f() ; return nil}
func F() { return T{} }
""",
        definitions=[
            "constant A",
            "constant Q",
            "constant R",
            "constant B",
            "constant C",
            "struct T",
            "interface I",
            "method I.M",
            "type Al",
            "struct U",
            "type V",
            "method T.M",
            "function F",
        ],
        calls=["T.M calls Println", "T.M calls f", "F calls T"],
        imports=["fmt", "a/b"],
        docs={"T": "T is a thing.", "M": "M does."},
    ),
    Sample(
        path="a/x.rs",
        text="""\
use a::b::{c, d as e, f::{g}}; use std::io; use x::*; mod other;
/// doc here
#[derive(A)]
pub struct S { a: i32 }
impl<T> Tr for S<T> { fn m(&self) { x.y(); z::w(); f!(a); g(); S{a:1}; } }
trait Tr { fn m(&self); }
enum E { A }
const X: i32 = 1;
mod m { pub fn q() {} }
type Z = i32;
macro_rules! mm { () => {} }
""",
        definitions=[
            "struct S",
            "impl S",
            "method S.m",
            "trait Tr",
            "method Tr.m",
            "enum E",
            "constant X",
            "module m",
            "function m.q",
            "type Z",
            "function mm",
        ],
        calls=[
            "S calls Tr",
            "S.m calls y",
            "S.m calls w",
            "S.m calls f",
            "S.m calls g",
            "S.m calls S",
        ],
        imports=["a::b", "a::b::c", "a::b::d", "a::b::f", "std::io", "x", "other"],
        docs={"S": "doc here"},
    ),
    Sample(
        path="a/X.java",
        text="""\
package a.b; import a.b.C; import static x.Y.*;
/** Doc of A.
 * @author me */
@Ann public class A<T> extends B implements Q<R> { static final int X = 1; A() {}
 @Override public void m(int a) { foo(); this.bar(); new C<X>(); } interface I { void z(); } enum E { A } record R(int a) {} }
""",
        definitions=[
            "class A",
            "constant A.X",
            "method A.A",
            "method A.m",
            "interface A.I",
            "method A.I.z",
            "enum A.E",
            "class A.R",
        ],
        calls=["A calls B", "A calls Q", "A.m calls foo", "A.m calls bar", "A.m calls C"],
        imports=["a.b.C", "x.Y"],
        docs={"A": "Doc of A."},
    ),
    Sample(
        path="a/x.c",
        text="""\
#include <stdio.h>
#include "x.h"
#define FOO 1
#define BAR(x) (x)
/* Does f. */
static int *f(int a) { g(a); s->h(); return 0; }
struct S { int a; };
typedef struct { int b; } T;
enum E { A };
typedef int (*fp)(int);
typedef unsigned u8;
int x = 1;
int proto(int a);
""",
        definitions=[
            "constant FOO",
            "function BAR",
            "function f",
            "struct S",
            "struct T",
            "enum E",
            "type fp",
            "type u8",
            "constant x",
            "function proto",
        ],
        calls=["f calls g", "f calls h"],
        imports=["stdio.h", "x.h"],
        docs={"f": "Does f."},
    ),
    Sample(
        path="a/x.cpp",
        text="""\
#ifndef A_H
#define A_H
namespace n::m { 
// A is.
template <class T> class A : public B { public: A(); ~A() {} int f() const { return g(); } int x; virtual void p() = 0; bool operator==(int a) {return 1;} }; }
int n::A<int>::q(int a) { std::foo(); x.y(); z->w(); new K(); return 1; }
using T = int; enum class E { A }; struct S; 
int &ref() { }
void proto(int);
#endif
""",
        definitions=[
            "module n.m",
            "class n.m.A",
            "method n.m.A.~A",
            "method n.m.A.f",
            "method n.m.A.p",
            "method n.m.A.operator==",
            "method n.A.q",
            "type T",
            "enum E",
            "function ref",
            "function proto",
        ],
        calls=[
            "n.m.A calls B",
            "n.m.A.f calls g",
            "n.A.q calls foo",
            "n.A.q calls y",
            "n.A.q calls w",
            "n.A.q calls K",
        ],
        imports=[],
        docs={},
    ),
    Sample(
        path="a/x.cs",
        text="""\
using A.B; using static C; using D = E.F;
namespace N { 
/// <summary>
/// Doc of A.
/// </summary>
[Attr] public class A : B<int>, IQ { public int P { get; set; } const int X = 1; public A() {} public void M(int a) { Foo(); this.Bar(); new C(); x.Y<int>(); z?.W(); } } interface I { void q(); } struct S {} enum E { A } record R(int a); delegate void D(int x); }
""",
        definitions=[
            "module N",
            "class N.A",
            "method N.A.P",
            "constant N.A.X",
            "method N.A.A",
            "method N.A.M",
            "interface N.I",
            "method N.I.q",
            "struct N.S",
            "enum N.E",
            "class N.R",
            "type N.D",
        ],
        calls=[
            "N.A calls B",
            "N.A calls IQ",
            "N.A.M calls Foo",
            "N.A.M calls Bar",
            "N.A.M calls C",
            "N.A.M calls Y",
            "N.A.M calls W",
        ],
        imports=["A.B", "C", "D", "E.F"],
        docs={"A": "Doc of A."},
    ),
    Sample(
        path="a/x.rb",
        text="""\
require 'a'
require_relative "b"
module M
  X = 1
  # Doc of A.
  class A < B
    include Q::R
    def m(a); foo(a); self.bar; C.new; end
    def self.s; end
  end
end
class M::Q; end
""",
        definitions=[
            "module M",
            "constant M.X",
            "class M.A",
            "method M.A.m",
            "method M.A.s",
            "class M.Q",
        ],
        calls=[
            "- calls require",
            "- calls require_relative",
            "M.A calls B",
            "M.A calls include",
            "M.A.m calls foo",
            "M.A.m calls bar",
            "M.A.m calls C",
            "M.A.m calls new",
        ],
        imports=["a", "b", "Q::R"],
        docs={"A": "Doc of A."},
    ),
    Sample(
        path="a/x.php",
        text="""\
<?php
namespace A\\B; use C\\D; use E\\{F, G as H};
/** doc of A. */
#[At] abstract class A extends B implements I { const X = 1; public function m(int $a): void { foo(); $this->bar(); A::baz(); new C(); } }
interface I {} trait T {} enum E { case A; } function f() {} const Y = 1; require_once 'x.php';
""",
        definitions=[
            "class A",
            "constant A.X",
            "method A.m",
            "interface I",
            "trait T",
            "enum E",
            "function f",
            "constant Y",
        ],
        calls=[
            "A calls B",
            "A calls I",
            "A.m calls foo",
            "A.m calls bar",
            "A.m calls baz",
            "A.m calls C",
        ],
        imports=["C\\D", "E\\F", "E\\G", "E\\H", "x.php"],
        docs={"A": "doc of A."},
    ),
    Sample(
        path="a/x.kt",
        text="""\
package a
import b.c.D
/** Doc A. */
class A(val x: Int) : B(), Q {
  fun m(a: Int): Int { foo(); this.bar(); return 1 }
  companion object { fun z() {} }
}
interface I
object O { fun p() {} }
enum class E { A }
fun <T> T.ext() = 1
val top = 1
typealias Q = Int
data class D(val a: Int)
""",
        definitions=[
            "class A",
            "method A.m",
            "method A.z",
            "interface I",
            "class O",
            "method O.p",
            "class E",
            "function ext",
            "constant top",
            "type Q",
            "class D",
        ],
        calls=["A calls B", "A calls Q", "A.m calls foo", "A.m calls bar"],
        imports=["b.c.D"],
        docs={"A": "Doc A."},
    ),
    Sample(
        path="a/x.swift",
        text="""\
import Foundation
/// Doc A.
class A: B {
  func m(a: Int) { foo(); self.bar() }
  init() {}
}
struct S {}
enum E { case a }
protocol P { func q() }
extension A { func z() {} }
func f() {}
let top = 1
typealias T = Int
""",
        definitions=[
            "class A",
            "method A.m",
            "method A.init",
            "struct S",
            "enum E",
            "interface P",
            "method P.q",
            "impl A",
            "method A.z",
            "function f",
            "constant top",
            "type T",
        ],
        calls=["A calls B", "A.m calls foo", "A.m calls bar"],
        imports=["Foundation"],
        docs={"A": "Doc A."},
    ),
    Sample(
        path="a/x.scala",
        text="""\
package a
import b.c.{D, E}
/** Doc A. */
class A(x: Int) extends B {
  def m(a: Int): Int = { foo(); this.bar(); new C() }
  val y = 1
}
object O { def z = 1 }
trait T { def q: Int }
case class D(a: Int)
""",
        definitions=[
            "class A",
            "method A.m",
            "constant A.y",
            "class O",
            "method O.z",
            "trait T",
            "method T.q",
            "class D",
        ],
        calls=["A calls B", "A.m calls foo", "A.m calls bar", "A.m calls C"],
        imports=["b.c.D", "b.c.E"],
        docs={"A": "Doc A."},
    ),
    Sample(
        path="a/x.lua",
        text="""\
local m = require("a.b")
-- Does f.
local function f() g() end
function M.h(a) o:k(); x.y() end
function M:j() end
M.q = function() end
local z = function() end
""",
        definitions=[
            "constant m",
            "function f",
            "method M.h",
            "method M.j",
            "method M.q",
            "function z",
        ],
        calls=["m calls require", "f calls g", "M.h calls k", "M.h calls y"],
        imports=["a.b"],
        docs={"f": "Does f."},
    ),
    Sample(
        path="a/x.sh",
        text="""\
source ./x.sh
. y.sh
# Does f.
f() { g a; }
function h { echo 1; }
X=1
""",
        definitions=["function f", "function h", "constant X"],
        calls=["- calls source", "- calls .", "f calls g", "h calls echo"],
        imports=["a/x.sh", "y.sh"],
        docs={"f": "Does f."},
    ),
    Sample(
        path="a/x.ex",
        text="""\
defmodule A.B do
  @moduledoc "x"
  alias C.D
  use F
  @doc "Doc of m."
  def m(a, b) do foo(a); D.bar() end
  defp q(x) when x > 1, do: 1
  defmacro z(a), do: a
  def nope, do: 1
end
""",
        definitions=[
            "module A.B",
            "function A.B.m",
            "function A.B.q",
            "function A.B.z",
            "function A.B.nope",
        ],
        calls=["A.B.m calls foo", "A.B.m calls bar"],
        imports=["C.D", "F"],
        docs={"m": "Doc of m."},
    ),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_a_grammar_finds_the_definitions_calls_and_imports_of_its_language(sample):
    parsed = parse_text(sample.path, sample.text)
    found = [f"{definition.kind} {definition.symbol}" for definition in parsed.definitions]
    assert found == sample.definitions
    references = parsed.references
    calls = [f"{ref.within or '-'} calls {ref.name}" for ref in references if ref.kind == "call"]
    assert calls == sample.calls
    assert [ref.name for ref in references if ref.kind == "import"] == sample.imports
    assert parsed.syntax_errors == ()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_the_doc_above_a_definition_is_its_doc_and_no_one_elses(sample):
    documented = {
        d.symbol.rsplit(".", 1)[-1]: d.doc
        for d in parse_text(sample.path, sample.text).definitions
        if d.doc
    }
    assert documented == sample.docs
