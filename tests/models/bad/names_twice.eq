state u
param k = 1
let k = 2*u
dt(u) = -k*u
