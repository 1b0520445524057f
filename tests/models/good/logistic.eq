model logistic "the smallest useful model"
state N
param r = fit in (0, 2)
param K = 10
dt(N) = r*N*(1 - N/K)
init N = 0.1
