state u
dt(u) = ifelse(u > 0 && u < 1, 1, 0)
let a = ifelse(u > 0 || u < 1, 1, 0)
