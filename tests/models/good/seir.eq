model seir
time t: day
state S, E, I, R: 1 in [0, inf)
param beta: 1/day = fit 0.5 in (0, 5)
param sigma: 1/day = fit 0.2 in (0, 5)
param gamma: 1/day = fit 0.1 in (0, 5)
let N = S + E + I + R
known infection = beta*S*I/N
dt(S) = -infection
dt(E) = infection - sigma*E
dt(I) = sigma*E - gamma*I
dt(R) = gamma*I
law total = N constant
