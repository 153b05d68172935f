;; Functions that use up their fuel behind calls through a table.
(module
  (memory (export "memory") 1)
  (table 1 funcref)
  (elem (i32.const 0) $virtual)
  (type $none (func))
  (func $neighbour (loop $again (br $again)))
  (func $virtual)
  (func $through (export "through")
    (loop $again
      (call $virtual)
      (call_indirect (type $none) (i32.const 0))
      (br $again)))
  (func $loops (export "loops") (local $n i32)
    (call_indirect (type $none) (i32.const 0))
    (loop $again
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br $again))))
