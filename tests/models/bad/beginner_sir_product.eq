state S, I, R
param β = 0.3
param γ = 0.1
param N = 1000
dt(S) = -β*S*I/N
dt(I) = β*S*I/N - γ*I
dt(R) = γI
