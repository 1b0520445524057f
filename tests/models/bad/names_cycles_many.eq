state u
dt(u) = a + c
known a = b
known b = a + c
known c = c + u
let d = e
let e = f
let f = d*a
