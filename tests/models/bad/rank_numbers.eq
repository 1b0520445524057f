state u
dt(u) = u/0 + log(-1) + 0^-1 + exp(1000) + inf
