state u
known a = b + u
known b = 2*c
let c = a^2
dt(u) = a
