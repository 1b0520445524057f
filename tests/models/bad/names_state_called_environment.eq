state environment
dt(environment) = 1
