"""Laws that are sums of products: every edge of a product network is a primitive from the start."""
