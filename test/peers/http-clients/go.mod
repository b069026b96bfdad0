module ebb.local/http-clients

go 1.25.0
