;; Imports what %t/run/library.wat exports, calls it as often as there are words of four bytes in its arguments, and crashes in it.
(module $client
  (import "env" "memory" (memory 1))
  (import "env" "version" (global $version i32))
  (import "env" "table" (table 1 funcref))
  (import "env" "divide" (func $divide (param i32 i32) (result i32)))
  (type $of_two (func (param i32 i32) (result i32)))
  (func $quotient (param $of i32) (param $by i32) (result i32)
    (call_indirect (type $of_two) (local.get $of) (local.get $by) (i32.const 0)))
  (func (export "quotient") (param i32 i32) (result i32)
    (call $quotient (local.get 0) (local.get 1)))
  (func (export "_start")
    (drop (call $divide (i32.const 84) (global.get $version)))
    (drop (call $quotient (i32.const 12) (i32.const 0)))))
