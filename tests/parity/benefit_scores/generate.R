# Frozen reference values of cross-validated elastic nets, modified covariates and an R-learner: R's glmnet on simulated
# data. Run in this folder: Rscript generate.R
suppressPackageStartupMessages({library(glmnet); library(survival)})
set.seed(20261127)
glmnet.control(fdev = 0, devmax = 1)
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, file.path("expected", name), sep = "\t", quote = FALSE, row.names = FALSE)
}
n <- 80; p <- 6
x <- matrix(rnorm(n * p), n)
arm <- rep(0:1, n / 2)
fold <- rep(1:5, each = n / 5)
signal <- x[, 1] * arm + 0.8 * x[, 2]
unit <- function(y) (y - mean(y)) / sqrt(mean((y - mean(y))^2))      # glmnet scales the response; ours does not
change <- unit(signal + rnorm(n))
class <- as.integer(signal + rnorm(n) > 0)
time <- rexp(n, exp(-signal))
event <- as.integer(runif(n) < 0.8)
write(data.frame(arm = arm, fold = fold, change = change, class = class, time = time, event = event, x), "inputs.tsv")

scaled <- function(x) sweep(sweep(x, 2, colMeans(x)), 2, sqrt(colMeans(sweep(x, 2, colMeans(x))^2)), "/")
validated <- function(design, response, family, free) {
  factor <- rep(1, ncol(design)); if (free) factor[1] <- 0
  given <- list(x = design, y = response, family = family, alpha = 0.5, penalty.factor = factor)
  grid <- do.call(glmnet, c(given, nlambda = 30, lambda.min.ratio = 0.001))$lambda
  fit <- do.call(cv.glmnet, c(given, list(lambda = grid, foldid = fold, keep = TRUE, thresh = 1e-20, maxit = 1e8)))
  best <- which.min(fit$cvm)
  held <- fit$fit.preval[, best]                         # linear predictors
  beta <- as.matrix(fit$glmnet.fit$beta)[, best]
  list(penalty = grid[best] * ncol(design) / sum(factor), beta = beta, held = held)
}
nets <- list(); effects <- list()
net <- function(name, found) nets[[length(nets) + 1]] <<- data.frame(model = name, penalty = found$penalty,
  kind = rep(c("coefficient", "out_of_fold"), c(length(found$beta), n)), value = c(found$beta, found$held))
effect <- function(name, found, sign = 1) effects[[length(effects) + 1]] <<- data.frame(model = name,
  average = sign * found$beta[1], t(sign * found$beta[-1]))
net("gaussian", prognosis <- validated(x, change, "gaussian", FALSE))
net("binomial", validated(x, class, "binomial", FALSE))
net("cox", validated(x, Surv(time, event), "cox", FALSE))
modified <- cbind(1, scaled(x)) * (arm - 0.5)            # coefficients stay per standard deviation of a feature
effect("gaussian", validated(modified, change, "gaussian", TRUE))
effect("binomial", validated(modified, class, "binomial", TRUE))
effect("cox", validated(modified, Surv(time, event), "cox", TRUE), -1)
effect("r_learner", validated(modified, unit(change - prognosis$held), "gaussian", TRUE))
write(do.call(rbind, nets), "nets.tsv")
write(do.call(rbind, effects), "effects.tsv")
writeLines(capture.output(sessionInfo()), "session_info.txt")
