"""What the faces show and do, over the exchange's parts: plain values, free of HTTP and of markup."""
