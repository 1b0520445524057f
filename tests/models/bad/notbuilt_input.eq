input q(t) linear
state u
dt(u) = q - u
