state u
let f(u) = u^2
dt(u) = f(u)
