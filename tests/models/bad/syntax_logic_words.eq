state u
dt(u) = ifelse(u > 0 and u < 1, 1, 0)
let a = u if u > 0 else 0
let b = ifelse(not u, 1, 2)
