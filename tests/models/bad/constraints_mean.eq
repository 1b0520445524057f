space x in [0, 1] periodic
state u(x)
state s
learned a(u) with mean(a) = 1
learned b(u) with mean(b) = 0, b(0) = 0
learned c(u) with mean(c) = 0, c >= 0
learned m(u) with mean(m) = 0, odd(u)
learned e(s) with mean(e) = 0
learned f(u) with mean(u) = 0
dt(u) = a + b + c + m + f
dt(s) = e
