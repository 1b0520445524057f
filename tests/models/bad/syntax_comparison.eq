state u
let a = u > 0
learned f(u) with 0 <= f <= 1
dt(u) = (u < 1)*u
