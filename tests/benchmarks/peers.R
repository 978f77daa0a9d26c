# Rscript peers.R serve TASK FOLDER: reads the inputs in FOLDER once, then answers each line of stdin:
#   run -> "@ CPU seconds" of the work alone; result -> writes FOLDER/TASK.f64, the numbers to compare.
# Rscript peers.R whole TASK FOLDER: inputs, work and tables in one process.
# An error is answered by "! message".
options(error = quote({ cat("!", gsub("\n", " ", geterrmessage()), "\n"); quit(status = 1) }))
arguments <- commandArgs(TRUE)
mode <- arguments[1]; task <- arguments[2]; folder <- arguments[3]

path <- function(name) file.path(folder, name)
numbers <- function(name, rows, columns) matrix(readBin(path(name), "double", rows * columns), rows, columns)
need <- function(...) for (package in c(...)) suppressMessages(library(package, character.only = TRUE))
shape <- function(name = "shape.txt") scan(path(name), quiet = TRUE)

# ---- counts: shape.txt holds genes, samples, coefficients, contrasts
study <- function() {
  need("edgeR")
  size <- shape()
  counts <- matrix(readBin(path("counts.i32"), "integer", size[1] * size[2]), size[1], size[2])
  dimnames(counts) <- list(paste0("g", seq_len(size[1])), paste0("s", seq_len(size[2])))
  design <- numbers("design.f64", size[2], size[3])
  colnames(design) <- paste0("c", seq_len(size[3]))
  list(counts = counts, design = design, contrasts = numbers("contrasts.f64", size[3], size[4]),
       groups = factor(max.col(design[, 1:10])))
}
sets <- function() lapply(strsplit(readLines(path("sets.txt")), " "), function(i) as.integer(i) + 1L)
normalized <- function(with = function(p) NULL) {
  p <- study()
  p$y <- calcNormFactors(DGEList(p$counts))
  p$extra <- with(p)
  p
}
tables <- function(fit) lapply(seq_len(ncol(fit$coefficients)), function(k) topTable(fit, coef = k, number = Inf, sort.by = "none"))
moderated <- function(fit, p, ...) {
  fit <- eBayes(contrasts.fit(fit, p$contrasts), ...)
  list(fit = fit, tables = tables(fit))
}
recipe <- function(p) {
  y <- DGEList(p$counts)
  y <- calcNormFactors(y[filterByExpr(y, p$design), , keep.lib.sizes = FALSE])
  fit <- suppressMessages(voomLmFit(y, p$design, var.group = colnames(p$counts)))
  found <- moderated(fit, p, robust = TRUE)
  adjusted <- p.adjust(unlist(lapply(found$tables, function(table) table$P.Value)), "BH")
  c(found, list(adjusted = adjusted))
}

# ---- scores: shape.txt holds genes, samples, sets
expression <- function() {
  need("matrixStats")
  size <- shape()
  x <- matrix(readBin(path("expression.f64"), "double", size[1] * size[2]), size[1], size[2])
  list(x = x, sets = sets())
}

tasks <- list(
  recipe = list(prepare = study, work = recipe, result = function(v) v$fit$coefficients),
  voom = list(
    prepare = normalized,
    work = function(p) moderated(lmFit(voom(p$y, p$design), p$design), p),
    result = function(v) v$fit$t
  ),
  voom_groups = list(
    prepare = normalized,
    work = function(p) moderated(suppressMessages(voomLmFit(p$y, p$design, var.group = p$groups)), p, robust = TRUE),
    result = function(v) v$fit$coefficients
  ),
  voom_blocks = list(
    prepare = normalized,
    work = function(p) {
      pairs <- rep(seq_len(ncol(p$counts) / 2), each = 2)
      moderated(suppressMessages(voomLmFit(p$y, p$design, block = pairs)), p, robust = TRUE)
    },
    result = function(v) v$fit$coefficients
  ),
  trend = list(
    prepare = normalized,
    work = function(p) moderated(lmFit(cpm(p$y, log = TRUE, prior.count = 2), p$design), p, trend = TRUE),
    result = function(v) v$fit$t
  ),
  tmm = list(
    prepare = function() { p <- study(); p$y <- DGEList(p$counts); p },
    work = function(p) calcNormFactors(p$y),
    result = function(v) v$samples$norm.factors
  ),
  wald = list(
    prepare = function() { need("DESeq2"); study() },
    work = function(p) {
      y <- DESeqDataSetFromMatrix(p$counts, data.frame(group = p$groups), p$design)
      y <- DESeq(y, quiet = TRUE)
      sapply(seq_len(ncol(p$contrasts)), function(k) results(y, contrast = p$contrasts[, k])$log2FoldChange)
    },
    result = function(v) v
  ),
  likelihood_ratio = list(
    prepare = function() { need("DESeq2"); study() },
    work = function(p) {
      y <- DESeqDataSetFromMatrix(p$counts, data.frame(group = p$groups), p$design)
      y <- estimateDispersions(estimateSizeFactors(y), quiet = TRUE)
      sapply(seq_len(ncol(p$contrasts)), function(k) {
        reduced <- p$design %*% qr.Q(qr(p$contrasts[, k]), complete = TRUE)[, -1]
        colnames(reduced) <- colnames(p$design)[-1]
        results(nbinomLRT(y, full = p$design, reduced = reduced, quiet = TRUE))$stat
      })
    },
    result = function(v) v
  ),
  quasi_likelihood = list(
    prepare = normalized,
    work = function(p) {
      fit <- glmQLFit(estimateDisp(p$y, p$design), p$design)
      sapply(seq_len(ncol(p$contrasts)), function(k) {
        topTags(glmQLFTest(fit, contrast = p$contrasts[, k]), n = Inf, sort.by = "none")$table$F
      })
    },
    result = function(v) v
  ),
  duplicate_correlation = list(
    prepare = function() normalized(function(p) voom(p$y, p$design)),
    work = function(p) duplicateCorrelation(p$extra, p$design, block = rep(seq_len(ncol(p$counts) / 2), each = 2)),
    result = function(v) v$consensus.correlation
  ),
  camera = list(
    prepare = function() normalized(function(p) list(v = voom(p$y, p$design), sets = sets())),
    work = function(p) sapply(seq_len(ncol(p$contrasts)), function(k) {
      camera(p$extra$v, p$extra$sets, p$design, contrast = p$contrasts[, k], inter.gene.cor = 0.01, sort = FALSE)$PValue
    }),
    result = function(v) v
  ),
  roast = list(
    prepare = function() normalized(function(p) list(v = voom(p$y, p$design), sets = sets())),
    work = function(p) {
      mroast(p$extra$v, p$extra$sets, p$design, contrast = p$contrasts[, 1], nrot = 1999, sort = "none")$PropUp
    },
    result = function(v) v
  ),
  array_weights = list(
    prepare = function() normalized(function(p) voom(p$y, p$design)),
    work = function(p) arrayWeights(p$extra, p$design, method = "genebygene"),
    result = function(v) v
  ),
  meta_analysis = list( # shape.txt: features, studies
    prepare = function() {
      need("metafor")
      size <- shape()
      list(y = numbers("effects.f64", size[1], size[2]), s = numbers("errors.f64", size[1], size[2]))
    },
    work = function(p) sapply(seq_len(nrow(p$y)), function(i) {
      fit <- tryCatch(rma(p$y[i, ], sei = p$s[i, ], method = "REML"),
                      error = function(e) NULL)
      if (is.null(fit)) c(NA, NA) else c(fit$beta, fit$se)
    }),
    result = function(v) t(v)
  ),
  # singscore's published formula, as the package itself is not in Debian
  rank_scores = list(
    prepare = expression,
    work = function(p) {
      ranks <- matrixStats::colRanks(p$x, ties.method = "min", preserveShape = TRUE)
      n <- nrow(ranks)
      sapply(p$sets, function(i) {
        k <- length(i); low <- (k + 1) / 2; high <- (2 * n - k + 1) / 2
        (colMeans(ranks[i, , drop = FALSE]) - low) / (high - low) - 0.5
      })
    },
    result = function(v) v
  ),
  mean_scores = list(
    prepare = expression,
    work = function(p) sapply(p$sets, function(i) colMeans(p$x[i, , drop = FALSE])),
    result = function(v) v
  ),
  ssgsea = list(
    prepare = function() {
      need("GSVA")
      p <- expression()
      rownames(p$x) <- paste0("g", seq_len(nrow(p$x)))
      p$sets <- setNames(lapply(p$sets, function(i) rownames(p$x)[i]), paste0("S", seq_along(p$sets)))
      p
    },
    work = function(p) gsva(p$x, p$sets, method = "ssgsea", ssgsea.norm = FALSE, min.sz = 1, verbose = FALSE, parallel.sz = 1),
    result = function(v) t(v)
  ),
  cox_screen = list( # shape.txt: samples, features
    prepare = function() {
      need("survival")
      size <- shape()
      list(x = numbers("features.f64", size[1], size[2]), time = numbers("time.f64", size[1], 1)[, 1],
           event = numbers("event.f64", size[1], 1)[, 1])
    },
    work = function(p) {
      outcome <- Surv(p$time, p$event)
      apply(p$x, 2, function(x) {
        fit <- coxph(outcome ~ x, control = coxph.control(eps = 1e-12, iter.max = 50))
        c(coef(fit), sqrt(vcov(fit)))
      })
    },
    result = function(v) t(v)
  ),
  nested_elastic_net = list( # shape.txt: samples, features, folds
    prepare = function() {
      need("glmnet")
      glmnet.control(fdev = 0, devmax = 1)
      size <- shape()
      list(x = numbers("features.f64", size[1], size[2]), y = numbers("labels.f64", size[1], 1)[, 1],
           places = numbers("places.f64", size[1], 1 + size[3]), n = size[3])
    },
    work = function(p) {
      path_of <- function(train) glmnet(p$x[train, ], p$y[train], family = "binomial", alpha = 0.5, nlambda = 30, lambda.min.ratio = 0.05)
      told <- numeric(length(p$y))
      for (o in seq_len(p$n)) {
        place <- p$places[, 1 + o]
        loss <- 0
        for (i in seq_len(p$n)) {
          q <- predict(path_of(place > 0 & place != i), p$x[place == i, ], type = "response")
          loss <- loss - colSums(log(abs(q - (1 - p$y[place == i]))))
        }
        told[place == 0] <- predict(path_of(place > 0), p$x[place == 0, ], type = "response")[, which.min(loss)]
      }
      told
    },
    result = function(v) v
  ),
  write_table = list(
    prepare = function() list(frame = read.delim(path("table.tsv"))),
    work = function(p) write.table(p$frame, path("written.tsv"), sep = "\t", quote = FALSE, row.names = FALSE),
    result = function(v) numeric()
  ),
  read_table = list(
    prepare = function() NULL,
    work = function(p) read.delim(path("table.tsv")),
    result = function(v) as.matrix(v[, c("log2_fold_change", "statistic", "p_value", "adj_p_value")])
  )
)
chosen <- tasks[[task]]
prepared <- suppressWarnings(chosen$prepare())
if (mode == "whole") {
  value <- chosen$work(prepared)
  for (k in seq_along(value$tables)) {
    write.table(value$tables[[k]], path(paste0("whole_", k, ".tsv")), sep = "\t", quote = FALSE)
  }
  quit()
}
cat("@ ready\n")
requests <- file("stdin", "r")
while (length(request <- readLines(requests, 1))) {
  if (request == "run") {
    value <- NULL
    invisible(gc())
    start <- proc.time()
    value <- suppressWarnings(chosen$work(prepared))
    used <- proc.time() - start
    cat("@", sum(used[1:2]), "\n")
  } else {
    writeBin(as.double(chosen$result(value)), path(paste0(task, ".f64")))
    cat("@ written\n")
  }
}
