# Frozen reference values of prognostic accuracy: R's survival, and formulas written plainly where it has none.
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages({library(survival); library(splines)})
set.seed(20261128)
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, file.path("expected", name), sep = "\t", quote = FALSE, row.names = FALSE)
}
n <- 120
x <- cbind(x1 = rnorm(n), x2 = rbinom(n, 1, 0.5))
true <- rexp(n, 0.12 * exp(0.7 * x[, 1] + 0.4 * x[, 2])); lost <- runif(n, 2, 18)
time <- ceiling(pmin(true, lost) * 4) / 4                      # ties
event <- as.integer(true <= lost)
cause <- event * (1L + rbinom(n, 1, 0.4))
start <- ifelse(runif(n) < 0.4, floor(time * runif(n, 0, 0.8) * 4) / 4, 0)
risk <- 1 - exp(-0.12 * 5 * exp(0.9 * x[, 1] + 0.2 * x[, 2]))  # too extreme, by 5
horizon <- 5
label <- rbinom(n, 1, plogis(0.8 * qlogis(risk) + 0.3))
second <- plogis(qlogis(risk) + 0.5 * rnorm(n))
write(data.frame(time, event, cause, start, x, risk, second, label), "inputs.tsv")

tight <- coxph.control(eps = 1e-14, toler.chol = 1e-14, iter.max = 100)
rows <- list()
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(start, time, event) ~ x, ties = ties, control = tight)
  rows[[ties]] <- data.frame(ties, log_hr = coef(fit), se = sqrt(diag(vcov(fit))), log_likelihood = fit$loglik[2],
                             null_log_likelihood = fit$loglik[1])
}
write(do.call(rbind, rows), "cox_process.tsv")

# Firth's penalty, Breslow ties: the formula itself, maximized; x2 separates in the first 24 patients
few <- 1:24; xf <- x[few, ]; tf <- time[few]; ef <- event[few]
xf[, 2] <- as.numeric(ef == 1 & tf < 4)
penalized <- function(b) {
  value <- 0; information <- matrix(0, 2, 2)
  for (i in which(ef == 1)) {
    at <- tf >= tf[i]; w <- exp(xf[at, , drop = FALSE] %*% b)[, 1]; total <- sum(w); w <- w / total
    m <- colSums(w * xf[at, , drop = FALSE]); centered <- sweep(xf[at, , drop = FALSE], 2, m)
    value <- value + sum(xf[i, ] * b) - log(total)
    information <- information + t(centered) %*% (w * centered)
  }
  list(value = value + 0.5 * log(det(information)), information = information)
}
objective <- function(b) -penalized(b)$value
fit <- nlm(objective, c(0, 0), gradtol = 1e-12, steptol = 1e-12, iterlim = 1000)
fit <- nlm(objective, fit$estimate, gradtol = 1e-14, steptol = 1e-14, iterlim = 1000)
profile <- function(j, value) {
  -optimize(function(other) { b <- c(0, 0); b[j] <- value; b[-j] <- other; objective(b) }, c(-20, 20), tol = 1e-12)$objective
}
best <- -fit$minimum; goal <- best - qchisq(0.95, 1) / 2
limits <- sapply(1:2, function(j) c(
  uniroot(function(v) profile(j, v) - goal, c(fit$estimate[j] - 15, fit$estimate[j]), tol = 1e-11)$root,
  uniroot(function(v) profile(j, v) - goal, c(fit$estimate[j], fit$estimate[j] + 15), tol = 1e-11)$root))
write(data.frame(log_hr = fit$estimate, se = sqrt(diag(solve(penalized(fit$estimate)$information))), low = limits[1, ],
  high = limits[2, ], p = sapply(1:2, function(j) pchisq(2 * (best - profile(j, 0)), 1, lower.tail = FALSE)),
  log_likelihood = best), "firth.tsv")
write(data.frame(xf, time = tf, event = ef), "firth_inputs.tsv")

fit <- survfit(Surv(time, factor(cause)) ~ 1)
write(data.frame(time = fit$time, n_at_risk = fit$n.risk[, 1], incidence_1 = fit$pstate[, 2], incidence_2 = fit$pstate[, 3],
  se_1 = fit$std.err[, 2], se_2 = fit$std.err[, 3]), "incidence.tsv")

rows <- list()
for (arm in 0:1) {
  s <- summary(survfit(Surv(time, event) ~ 1, subset = x[, 2] == arm), rmean = 8)$table
  rows[[arm + 1]] <- data.frame(arm, mean = s[["rmean"]], se = s[["se(rmean)"]])
}
write(do.call(rbind, rows), "restricted_mean.tsv")

scalar <- list()
scalar$uno <- concordance(Surv(time, event) ~ risk, reverse = TRUE, timewt = "n/G2")$concordance
scalar$uno_5 <- concordance(Surv(time, event) ~ risk, reverse = TRUE, timewt = "n/G2", ymax = 5)$concordance
G <- function(t, before) {  # censoring, after the events of the same time
  value <- 1
  for (s in sort(unique(time[event == 0]))) if (s < t || (s == t && !before))
    value <- value * (1 - sum(time == s & event == 0) / (sum(time >= s) - sum(time == s & event == 1)))
  value
}
auc <- function(t) {
  top <- bottom <- 0
  for (i in which(time <= t & event == 1)) for (j in which(time > t)) {
    w <- 1 / G(time[i], TRUE)
    bottom <- bottom + w; top <- top + w * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
  }
  top / bottom
}
scalar$auc_5 <- auc(5); scalar$auc_8 <- auc(8)
survival <- function(t) (1 - risk)^(t / 5)
at <- c(2, 4, 5, 8, 10)
brier <- function(t, s) mean(ifelse(time <= t & event == 1, s^2 / sapply(time, G, before = TRUE),
                             ifelse(time > t, (1 - s)^2 / G(t, FALSE), 0)))
km <- summary(survfit(Surv(time, event) ~ 1), times = at)$surv
write(data.frame(time = at, score = sapply(at, function(t) brier(t, survival(t))),
                 reference = sapply(seq_along(at), function(k) brier(at[k], rep(km[k], n)))), "brier.tsv")

logit <- qlogis(risk)
large <- glm(label ~ offset(logit), family = binomial, control = list(epsilon = 1e-14, maxit = 100))
slope <- glm(label ~ logit, family = binomial, control = list(epsilon = 1e-14, maxit = 100))
curve <- lowess(risk, label, iter = 0, delta = 0); observed <- pmin(pmax(curve$y, 0), 1); off <- abs(observed - curve$x)
scalar$intercept <- coef(large)[[1]]; scalar$intercept_se <- sqrt(vcov(large)[1, 1])
scalar$slope <- coef(slope)[[2]]; scalar$slope_se <- sqrt(vcov(slope)[2, 2])
scalar$ici <- mean(off); scalar$e50 <- quantile(off, 0.5)[[1]]; scalar$e90 <- quantile(off, 0.9)[[1]]

clog <- log(-log(1 - risk)); knots <- quantile(clog, c(0.1, 0.5, 0.9))
line <- coxph(Surv(time, event) ~ clog, control = tight)
scalar$survival_slope <- coef(line)[[1]]; scalar$survival_slope_se <- sqrt(vcov(line)[1, 1])
bend <- coxph(Surv(time, event) ~ ns(clog, knots = knots, Boundary.knots = range(clog)), ties = "breslow", control = tight)
base <- basehaz(bend, centered = TRUE); hazard <- max(base$hazard[base$time <= 5])
off <- abs(1 - exp(-hazard * exp(predict(bend, type = "lp"))) - risk)
scalar$survival_ici <- mean(off); scalar$survival_e90 <- quantile(off, 0.9)[[1]]
fit <- summary(survfit(Surv(time, event) ~ 1, conf.type = "log-log"), times = 5)
scalar$observed <- 1 - fit$surv; scalar$observed_low <- 1 - fit$upper; scalar$observed_high <- 1 - fit$lower
for (t in c(0.2, 0.5)) {
  treated <- risk >= t
  scalar[[paste0("binary_", t)]] <- mean(treated & label == 1) - mean(treated & label == 0) * t / (1 - t)
  hit <- 1 - summary(survfit(Surv(time, event) ~ 1, subset = treated), times = 5, extend = TRUE)$surv
  scalar[[paste0("survival_", t)]] <- mean(treated) * (hit - (1 - hit) * t / (1 - t))
}
up <- second > risk; down <- second < risk; y <- label == 1
scalar$nri <- mean(up[y]) - mean(down[y]) + mean(down[!y]) - mean(up[!y])
scalar$idi <- mean((second - risk)[y]) - mean((second - risk)[!y])
write(data.frame(quantity = names(scalar), value = unlist(scalar)), "scalars.tsv")
writeLines(capture.output(sessionInfo()), "session_info.txt")
