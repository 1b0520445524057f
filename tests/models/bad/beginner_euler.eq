state u
dt(u) = e^(-u) + exp^u
