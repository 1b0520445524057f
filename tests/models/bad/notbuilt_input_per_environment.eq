input q(t) per environment
state u
dt(u) = q - u
