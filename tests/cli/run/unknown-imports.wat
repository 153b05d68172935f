;; Calls a function that no one provides when it has an argument; a global that no one provides is in its way too.
(module
  (import "env" "answer" (func $answer (result i32)))
  (func (export "ask") (result i32) (call $answer))
  (func (export "_start")))
