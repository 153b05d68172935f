;; A call inside a `try_table`, before another and behind another.
(module
  (tag $e (param i32))
  (tag $other)
  (func $thrower (param i32) (unreachable))
  (func $two
    (block $h
      (try_table (catch $other $h)
        (call $nothing)
        (call $thrower (i32.const 7))
        (call $nothing))))
  (func $nothing)
  (func (export "_start")
    (block $h
      (try_table (catch $other $h) (call $two) (call $nothing)))
    (call $two)))
