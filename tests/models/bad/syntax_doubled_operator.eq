state u
dt(u) = 3 * / u
let a = *u
let b = (u + )
