/** The wasm's code in streams, and back. */
import assert from "node:assert/strict";
import { test } from "node:test";

import binaryen from "binaryen";

import { join, split } from "../../pkg-template/src/wasm/streams.js";

/** One module with each kind of operand, small and large. */
const EVERY_KIND = `(module
  (type $unary (func (param i32) (result i32)))
  (import "env" "log" (func $log (param i32)))
  (memory 1)
  (table 2 funcref)
  (elem (i32.const 0) $identity $identity)
  (global $count (mut i32) (i32.const -2147483648))
  (data (i32.const 1000) "text")
  (export "all" (func $all))
  (func $identity (param i32) (result i32) (local.get 0))
  (func $empty)
  (func $all (param $a i32) (param $b f64) (result i32)
    (local $c i64) (local $d f64) (local $e i32)
    (local.set $c (i64.const -9223372036854775808))
    (local.set $d (f64.add (local.get $b) (f64.const 12345.678)))
    (global.set $count (i32.add (global.get $count) (i32.const 300)))
    (block $out
      (loop $again
        (if (i32.eqz (local.get $a)) (then (br $out)) (else (call $log (i32.const 128))))
        (br_if $again (local.tee $a (i32.sub (local.get $a) (i32.const 1))))
        (block $x (block $y (br_table $x $y $out $again (local.get $e))))))
    (i32.store offset=300 (i32.const 4) (i32.load8_u offset=100 align=1 (local.get $a)))
    (i64.store offset=8 align=4 (i32.const 0) (i64.extend_i32_s (i32.extend8_s (local.get $a))))
    (memory.copy (i32.const 0) (i32.const 8) (i32.const 8))
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 4))
    (drop (memory.grow (memory.size)))
    (drop (i32.trunc_sat_f64_u (local.get $d)))
    (call_indirect (type $unary) (local.get $a) (i32.const 1))))`;

function text(wasm) {
  return binaryen.readBinary(wasm).emitText();
}

test("a module comes back with every kind of instruction", async () => {
  const module = binaryen.parseText(EVERY_KIND);
  module.setFeatures(binaryen.Features.All);
  const wasm = module.emitBinary();
  const back = join(split(wasm));
  assert.equal(text(back), text(wasm));
  await WebAssembly.compile(back);
});

test("an instruction that is not known is refused", () => {
  const module = binaryen.parseText("(module (func (result f32) (f32.const 0x1.000016p-1)))");
  assert.throws(() => split(module.emitBinary()), /does not know/);
});
