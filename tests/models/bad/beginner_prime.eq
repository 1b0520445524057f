state u
u' = -u
