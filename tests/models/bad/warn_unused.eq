state u
param k = 1
param m = 2
let a = 2*u
learned f(u)
dt(u) = -k*u
