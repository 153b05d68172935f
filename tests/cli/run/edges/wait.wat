;; Waits for another thread, which there is none of.
(module
  (memory (export "memory") 1 1 shared)
  (func $lock (param $timeout i64) (result i32)
    (memory.atomic.wait32 (i32.const 64) (i32.const 0) (local.get $timeout)))
  (func (export "_start") (drop (call $lock (i64.const -1))))
  (func (export "short") (result i32) (call $lock (i64.const 1000))))
