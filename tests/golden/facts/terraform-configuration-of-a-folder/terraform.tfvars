postgres = "15.4"
