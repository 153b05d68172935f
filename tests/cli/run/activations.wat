;; A host function that calls back: `get-arguments` puts its result into memory that it asks the
;; guest's `realloc` for, and that one traps. Two activations, host code between them.
(component
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-arguments" (func (result (list string))))))
  (core module $libc
    (memory (export "memory") 1)
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32)
      (i32.div_u (local.get 3) (i32.const 0))))
  (core instance $libc (instantiate $libc))
  (core func $get_arguments
    (canon lower (func $environment "get-arguments")
      (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $program
    (import "host" "get-arguments" (func $get_arguments (param i32)))
    (func $greet (call $get_arguments (i32.const 8)))
    (func $run (export "run") (result i32) (call $greet) (i32.const 0)))
  (core instance $program (instantiate $program
    (with "host" (instance (export "get-arguments" (func $get_arguments))))))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run)))
