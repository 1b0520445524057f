state u
let f = lambda v: v^2
dt(u) = -u
