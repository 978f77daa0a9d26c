# Frozen reference values of multinomial elastic nets: R's glmnet, ungrouped, on simulated data.
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(glmnet))
set.seed(20261128)
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, file.path("expected", name), sep = "\t", quote = FALSE, row.names = FALSE)
}
n <- 60; p <- 90
x <- matrix(rnorm(n * p), n) + rnorm(n) * 0.5           # correlated features, more of them than samples
x[, 4] <- x[, 4] * 20 + 3
three <- max.col(cbind(x[, 1] - x[, 2], x[, 3], 0) + matrix(rnorm(3 * n), n)) - 1
four <- max.col(cbind(x[, 1], -x[, 1], x[, 3] - x[, 5], 0.3) + matrix(rnorm(4 * n), n)) - 1
write(data.frame(three = as.integer(three), four = as.integer(four), x), "inputs.tsv")

rows <- list()
keep <- function(name, class, alpha, free) {
  factor <- rep(1, p); if (free) factor[1:2] <- 0
  start <- glmnet(x, class, family = "multinomial", alpha = alpha, nlambda = 12, lambda.min.ratio = 0.15, penalty.factor = factor)
  # glmnet rescales the factors to a sum of p; the penalty is rescaled back
  fit <- glmnet(x, class, family = "multinomial", alpha = alpha, lambda = start$lambda, penalty.factor = factor,
                thresh = 1e-18, maxit = 1e8)
  for (k in seq_along(fit$beta)) {
    beta <- as.matrix(fit$beta[[k]])
    for (l in seq_along(fit$lambda)) rows[[length(rows) + 1]] <<- data.frame(name = name, alpha = alpha, free = free,
      class = k - 1L, penalty = fit$lambda[l] * p / sum(factor), intercept = fit$a0[k, l], t(beta[, l]))
  }
}
for (alpha in c(0.5, 1)) keep("three", three, alpha, FALSE)
keep("three", three, 0.3, TRUE)
keep("four", four, 0.7, FALSE)
write(do.call(rbind, rows), "paths.tsv")
writeLines(capture.output(sessionInfo()), "session_info.txt")
