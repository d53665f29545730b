;; A running CRC-64/XZ over the bytes of its own memory. ring-engine.ts explains the mathematics.
;;
;; The state is either the register of the plain CRC (`$open` = 0), or a ring and a window that take whole slices
;; without any table (`$open` = 1). Opening starts them from the register, `digest` turns them back into it, and neither
;; changes what the state stands for.
;;
;; Memory, whose first page is written by nobody else:
;;        0  ring, 32,767 bytes: the message folded modulo y^32767 + 1
;;   32,768  eight tables of 256 remainders, put there before the first call
;;   49,159  window on the quotient q: 857 bytes of history, then, at a multiple of 16, room for 8,192 more
;;   58,208  R2, 857 bytes, made from the history
;;   65,536  the message's bytes
(module
  (import "rings" "memory" (memory 1))

  ;; The register before the final inversion.
  (global $register (mut i64) (i64.const -1))
  (global $open (mut i32) (i32.const 0))
  ;; Where in the ring the next byte goes.
  (global $ring (mut i32) (i32.const 0))
  ;; Where the history of the next byte begins; its own place is 857 bytes further.
  (global $window (mut i32) (i32.const 0))

  ;; Takes the message's next bytes.
  (func (export "update") (param $from i32) (param $length i32)
    (if (i32.eqz (global.get $open))
      (then
        ;; In the end the rings cost a table's pass over 33,624 bytes, so they pay from some 40,000 bytes on.
        (if (i32.lt_u (local.get $length) (i32.const 65536))
          (then
            (global.set $register
              (call $table (global.get $register) (local.get $from) (local.get $length)))
            (return)))
        (call $openRings)))
    (call $fold (local.get $from) (local.get $length)))

  ;; The CRC of the bytes taken so far.
  (func (export "digest") (result i64)
    (if (global.get $open)
      (then
        (global.set $register (call $remainder))
        (global.set $open (i32.const 0))))
    (i64.xor (global.get $register) (i64.const -1)))

  ;; Starts over, after a message of which only the CRC is known; that of the empty message is 0.
  (func (export "reset") (param $crc i64)
    (global.set $register (i64.xor (local.get $crc) (i64.const -1)))
    (global.set $open (i32.const 0)))

  ;; Empties ring and window, then adds the register to the next eight bytes of the message: in the ring they come
  ;; first, and in the window 857 bytes earlier, since a byte of the history is added to the one 857 bytes on.
  (func $openRings
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 32767))
    (memory.fill (i32.const 49159) (i32.const 0) (i32.const 857))
    (i64.store (i32.const 0) (global.get $register))
    (i64.store (i32.const 49159) (global.get $register))
    (global.set $ring (i32.const 0))
    (global.set $window (i32.const 49159))
    (global.set $open (i32.const 1)))

  ;; ring[i mod 32767] ^= m[i]  and  q[i] = m[i] ^ q[i - 674] ^ q[i - 857], sixteen bytes a step.
  (func $fold (param $from i32) (param $length i32)
    (local $ring i32) (local $window i32) (local $run i32) (local $room i32) (local $bytes v128) (local $byte i32)
    (local.set $ring (global.get $ring))
    (local.set $window (global.get $window))
    (loop $runs
      ;; The bytes to go before the message, the ring or the window ends.
      (local.set $run (local.get $length))
      (local.set $room (i32.sub (i32.const 32767) (local.get $ring)))
      (if (i32.gt_u (local.get $run) (local.get $room)) (then (local.set $run (local.get $room))))
      (local.set $room (i32.sub (i32.const 57351) (local.get $window)))
      (if (i32.gt_u (local.get $run) (local.get $room)) (then (local.set $run (local.get $room))))
      (local.set $length (i32.sub (local.get $length) (local.get $run)))

      (block $noVector
        (loop $vectors
          (br_if $noVector (i32.lt_u (local.get $run) (i32.const 16)))
          (local.set $bytes (v128.load (local.get $from)))
          (v128.store (local.get $ring) (v128.xor (v128.load (local.get $ring)) (local.get $bytes)))
          (v128.store offset=857 (local.get $window)
            (v128.xor
              (local.get $bytes)
              (v128.xor (v128.load offset=183 (local.get $window)) (v128.load (local.get $window)))))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (local.set $ring (i32.add (local.get $ring) (i32.const 16)))
          (local.set $window (i32.add (local.get $window) (i32.const 16)))
          (local.set $run (i32.sub (local.get $run) (i32.const 16)))
          (br $vectors)))

      (block $noByte
        (loop $bytes
          (br_if $noByte (i32.eqz (local.get $run)))
          (local.set $byte (i32.load8_u (local.get $from)))
          (i32.store8 (local.get $ring) (i32.xor (i32.load8_u (local.get $ring)) (local.get $byte)))
          (i32.store8 offset=857 (local.get $window)
            (i32.xor
              (local.get $byte)
              (i32.xor (i32.load8_u offset=183 (local.get $window)) (i32.load8_u (local.get $window)))))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (local.set $ring (i32.add (local.get $ring) (i32.const 1)))
          (local.set $window (i32.add (local.get $window) (i32.const 1)))
          (local.set $run (i32.sub (local.get $run) (i32.const 1)))
          (br $bytes)))

      (if (i32.eq (local.get $ring) (i32.const 32767)) (then (local.set $ring (i32.const 0))))
      (if (i32.eq (local.get $window) (i32.const 57351))
        (then
          (memory.copy (i32.const 49159) (i32.const 57351) (i32.const 857))
          (local.set $window (i32.const 49159))))
      (br_if $runs (local.get $length)))
    (global.set $ring (local.get $ring))
    (global.set $window (local.get $window)))

  ;; The register that ring and window stand for: c2 + A · (c1 + c2), c1 being the CRC of R1 and c2 that of R2.
  (func $remainder (result i64)
    (local $c1 i64) (local $c2 i64) (local $at i32)
    ;; R1 is the ring once round, from its oldest byte.
    (local.set $c1
      (call $table
        (call $table (i64.const 0) (global.get $ring) (i32.sub (i32.const 32767) (global.get $ring)))
        (i32.const 0)
        (global.get $ring)))

    ;; R2 from the last 857 bytes of q.
    (memory.copy (i32.const 58208) (global.get $window) (i32.const 857))
    (loop $late
      (i32.store8 offset=58882 (local.get $at)
        (i32.xor (i32.load8_u offset=58882 (local.get $at)) (i32.load8_u offset=58208 (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $late (i32.lt_u (local.get $at) (i32.const 183))))
    (local.set $c2 (call $table (i64.const 0) (i32.const 58208) (i32.const 857)))

    (i64.xor
      (local.get $c2)
      (call $multiply (i64.const 0xa73d4cfdddf51087) (i64.xor (local.get $c1) (local.get $c2)))))

  ;; The product modulo P, bit 63 being the coefficient of x^0.
  (func $multiply (param $a i64) (param $b i64) (result i64)
    (local $product i64)
    (loop $bits
      (if (i64.lt_s (local.get $a) (i64.const 0))
        (then (local.set $product (i64.xor (local.get $product) (local.get $b)))))
      (local.set $b
        (i64.xor
          (i64.shr_u (local.get $b) (i64.const 1))
          (i64.and
            (i64.const 0xc96c5795d7870f42)
            (i64.sub (i64.const 0) (i64.and (local.get $b) (i64.const 1))))))
      (local.set $a (i64.shl (local.get $a) (i64.const 1)))
      (br_if $bits (i64.ne (local.get $a) (i64.const 0))))
    (local.get $product))

  ;; The plain CRC by table, eight bytes a step; value n of table k lies at 32768 + 2048 k + 8 n.
  ;; With other tables it is that of another polynomial: see wasm-table-crc64.ts.
  (func $table (export "table") (param $register i64) (param $from i32) (param $length i32) (result i64)
    (local $low i32) (local $high i32)
    (block $noWord
      (loop $words
        (br_if $noWord (i32.lt_u (local.get $length) (i32.const 8)))
        (local.set $register (i64.xor (local.get $register) (i64.load (local.get $from))))
        (local.set $low (i32.wrap_i64 (local.get $register)))
        (local.set $high (i32.wrap_i64 (i64.shr_u (local.get $register) (i64.const 32))))
        (local.set $register
          (i64.xor
            (i64.xor
              (i64.xor
                (i64.load offset=47104 (i32.and (i32.shl (local.get $low) (i32.const 3)) (i32.const 2040)))
                (i64.load offset=45056 (i32.and (i32.shr_u (local.get $low) (i32.const 5)) (i32.const 2040))))
              (i64.xor
                (i64.load offset=43008 (i32.and (i32.shr_u (local.get $low) (i32.const 13)) (i32.const 2040)))
                (i64.load offset=40960 (i32.and (i32.shr_u (local.get $low) (i32.const 21)) (i32.const 2040)))))
            (i64.xor
              (i64.xor
                (i64.load offset=38912 (i32.and (i32.shl (local.get $high) (i32.const 3)) (i32.const 2040)))
                (i64.load offset=36864 (i32.and (i32.shr_u (local.get $high) (i32.const 5)) (i32.const 2040))))
              (i64.xor
                (i64.load offset=34816 (i32.and (i32.shr_u (local.get $high) (i32.const 13)) (i32.const 2040)))
                (i64.load offset=32768 (i32.and (i32.shr_u (local.get $high) (i32.const 21)) (i32.const 2040)))))))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (local.set $length (i32.sub (local.get $length) (i32.const 8)))
        (br $words)))
    (block $noByte
      (loop $bytes
        (br_if $noByte (i32.eqz (local.get $length)))
        (local.set $low (i32.xor (i32.wrap_i64 (local.get $register)) (i32.load8_u (local.get $from))))
        (local.set $register
          (i64.xor
            (i64.shr_u (local.get $register) (i64.const 8))
            (i64.load offset=32768 (i32.and (i32.shl (local.get $low) (i32.const 3)) (i32.const 2040)))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $bytes)))
    (local.get $register)))
