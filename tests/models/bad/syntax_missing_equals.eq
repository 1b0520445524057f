state u
param k 0.3
let a u + 1
dt(u) -u
law e u constant
