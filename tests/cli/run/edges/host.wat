;; Host functions that are given memory that there is not.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $loads (result i32)
    (call $fd_write (i32.const 1) (i32.const 0x7ffffff0) (i32.const 4) (i32.const 8))
    i32.load)
  (func $drops (export "drops")
    (drop (call $fd_write (i32.const 1) (i32.const 0x7ffffff0) (i32.const 4) (i32.const 8))))
  (func (export "_start") (drop (call $loads))))
