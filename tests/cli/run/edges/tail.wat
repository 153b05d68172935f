;; A recursion through a function that puts another, with a large frame, in its place.
(module
  (memory (export "memory") 1)
  (func $small (param i32) (return_call $large (local.get 0)))
  (func $large (param i32)
    (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (call $small (local.get 0))
    nop)
  (func (export "_start") (call $small (i32.const 0))))
