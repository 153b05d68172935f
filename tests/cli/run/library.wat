;; A library for %t/run/client.wat: it must be initialised, and divides.
(module $library
  (memory (export "memory") 1)
  (global $ready (mut i32) (i32.const 0))
  (global (export "version") i32 (i32.const 7))
  (table (export "table") 2 funcref)
  (elem (i32.const 0) $divide)
  (func (export "_initialize") (global.set $ready (i32.const 1)))
  (func $divide (export "divide") (param $of i32) (param $by i32) (result i32) (local $result i32)
    (if (i32.eqz (global.get $ready)) (then unreachable))
    (i32.store (i32.const 16) (local.get $of))
    (local.set $result (i32.div_s (local.get $of) (local.get $by)))
    (local.get $result)))
