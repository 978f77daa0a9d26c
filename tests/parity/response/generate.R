# Frozen reference values of response statistics: R's stats and nlme on simulated changes. Run here: Rscript generate.R
suppressPackageStartupMessages(library(nlme))
set.seed(20261127)
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, file.path("expected", name), sep = "\t", quote = FALSE, row.names = FALSE)
}
n <- 46
trained <- rep(c(1, 0), c(26, 20))
before <- rnorm(n, 30, 5); age <- rnorm(n, 55, 9)
change <- 3 * trained - 0.2 * (before - 30) + trained * rnorm(n, 0, 2) + rnorm(n, 0, 1.5)
label <- ifelse(change > 1, "high", "low"); second <- ifelse(change + rnorm(n, 0, 2) > 1, "high", "low")
write(data.frame(change, trained, before, age, label, second), "inputs.tsv")
tight <- glsControl(tolerance = 1e-14, opt = "nlminb", maxIter = 500, msMaxIter = 500, apVar = FALSE)
rows <- list()
designs <- list(means = ~ trained, baseline = ~ trained + before, moderated = ~ trained * age + before)
for (name in names(designs)) {
  fit <- gls(update(designs[[name]], change ~ .), weights = varIdent(form = ~ 1 | factor(trained, levels = 1:0)),
             method = "REML", control = tight)
  ratio <- coef(fit$modelStruct$varStruct, unconstrained = FALSE)
  rows[[name]] <- data.frame(design = name, term = names(coef(fit)), coefficient = unname(coef(fit)),
    se = unname(sqrt(diag(fit$varBeta))), variance_trained = fit$sigma^2, variance_control = (fit$sigma * unname(ratio))^2)
}
write(do.call(rbind, rows), "gls.tsv")
test <- var.test(change[trained == 1], change[trained == 0], alternative = "greater")
p <- prop.table(table(label, second)); chance <- sum(rowSums(p) * colSums(p))
write(data.frame(quantity = c("f_test_p", "kappa"), value = c(test$p.value, (sum(diag(p)) - chance) / (1 - chance))),
      "scalars.tsv")
writeLines(capture.output(sessionInfo()), "session_info.txt")
