space x in [0, 1] periodic
state u(x)
scheme dx = upwind(3)
let a0 = dx(u^2)
let a1 = a0 + u*a0
let a2 = a1 + u*a1
let a3 = a2 + u*a2
let a4 = a3 + u*a3
let a5 = a4 + u*a4
let a6 = a5 + u*a5
let a7 = a6 + u*a6
let a8 = a7 + u*a7
let a9 = a8 + u*a8
let a10 = a9 + u*a9
let a11 = a10 + u*a10
let a12 = a11 + u*a11
let a13 = a12 + u*a12
let a14 = a13 + u*a13
let a15 = a14 + u*a14
let a16 = a15 + u*a15
let a17 = a16 + u*a16
let a18 = a17 + u*a17
let a19 = a18 + u*a18
let a20 = a19 + u*a19
dt(u) = -a20
