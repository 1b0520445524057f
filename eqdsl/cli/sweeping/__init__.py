"""`eqdsl sweep`: fits of one model to one data file under settings that vary."""
