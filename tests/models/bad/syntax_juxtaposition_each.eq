state u
param k = 2
dt(u) = 2u
let a = k u
let b = 3(u + 1)
let c = (u)(u)
let d = k sin(u)
let e = f(u u)
