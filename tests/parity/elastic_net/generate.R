# Frozen reference values of elastic nets: R's glmnet on simulated data. Run in this folder: Rscript generate.R
suppressPackageStartupMessages({library(glmnet); library(survival)})
set.seed(20261127)
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, file.path("expected", name), sep = "\t", quote = FALSE, row.names = FALSE)
}
n <- 60; p <- 90
x <- matrix(rnorm(n * p), n) + rnorm(n) * 0.5           # correlated features, more of them than samples
x[, 4] <- x[, 4] * 20 + 3
class <- as.integer(x[, 1] - x[, 2] + rnorm(n) > 0)
change <- 2 * x[, 1] - x[, 3] + rnorm(n)
change <- (change - mean(change)) / sqrt(mean((change - mean(change))^2))  # glmnet scales the response; ours does not
time <- ceiling(8 * rexp(n, exp(x[, 1] - 0.5 * x[, 5]))) / 8                # many ties
event <- as.integer(runif(n) < 0.7)
write(data.frame(class = class, change = change, time = time, event = event, x), "inputs.tsv")

rows <- list()
keep <- function(family, response, alpha, free) {
  factor <- rep(1, p); if (free) factor[1:2] <- 0
  start <- glmnet(x, response, family = family, alpha = alpha, nlambda = 12, lambda.min.ratio = 0.1, penalty.factor = factor)
  # glmnet rescales the factors to a sum of p; the penalty is rescaled back
  fit <- glmnet(x, response, family = family, alpha = alpha, lambda = start$lambda, penalty.factor = factor,
                thresh = 1e-20, maxit = 1e8)
  beta <- as.matrix(fit$beta)
  for (k in seq_along(fit$lambda)) rows[[length(rows) + 1]] <<- data.frame(family = family, alpha = alpha, free = free,
    penalty = fit$lambda[k] * p / sum(factor), intercept = if (family == "cox") 0 else fit$a0[k],
    explained = fit$dev.ratio[k], t(beta[, k]))
}
for (alpha in c(0.3, 1)) for (free in c(FALSE, TRUE)) {
  keep("binomial", class, alpha, free)
  keep("gaussian", change, alpha, free)
  keep("cox", Surv(time, event), alpha, free)
}
write(do.call(rbind, rows), "paths.tsv")
writeLines(capture.output(sessionInfo()), "session_info.txt")
