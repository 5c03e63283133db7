# 政府信息公开工作年度报告：常用命令。每个目标只是命令行的一行写法，变量给了才传。
#   make report YEAR=2024 UNIT="市教育局 市公安局" OUTPUTS=/tmp/out
# UNIT takes several names parted by spaces; the other variables take one value, which may hold spaces.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
# Start-up is three times slower without compiled files.
unexport PYTHONDONTWRITEBYTECODE

PYTHON_BIN := .venv/bin/python
RUN := .venv/bin/report-builder
SETUP := @sh tools/setup.sh

quoted = '$(subst ','\'',$(1))'
option = $(if $(strip $(2)),$(1) $(call quoted,$(strip $(2))))
each = $(foreach name,$(2),$(1) $(call quoted,$(name)))
argument = $(if $(strip $(1)),$(call quoted,$(strip $(1))))

PLACES = $(call option,--inputs,$(INPUTS)) $(call option,--outputs,$(OUTPUTS))
OPTIONS = $(PLACES) $(call option,--year,$(YEAR)) $(call each,--unit,$(UNIT)) $(call option,--jobs,$(JOBS))

.PHONY: help setup report check summary compare blank plan setup-dev browsers test lint types docs bench bench-scale bench-faults clean

help: ## 显示本说明
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
	@echo '变量：YEAR=年度 UNIT="单位 单位" INPUTS=填报目录 OUTPUTS=输出目录 JOBS=并行数 FILE=文件 OLD=旧报告 NEW=新报告'

setup: ## 准备运行环境（虚拟环境、依赖、系统库、字体），可重复运行
	$(SETUP)

report: setup ## 校验、编写、排版并比对各单位年度报告（YEAR= UNIT= JOBS=）
	@$(RUN) build $(OPTIONS)

check: setup ## 只校验，生成退回用的校验意见（FILE= 或 YEAR= UNIT=）
	@$(RUN) check $(OPTIONS) $(call argument,$(FILE))

summary: setup ## 逐级汇总，生成本级年度报告和总览（YEAR=）
	@$(RUN) summary $(OPTIONS)

compare: setup ## 年际比对和单位间雷同检查；给出 OLD= NEW= 时只比这两份
	@$(RUN) compare $(OPTIONS) $(call argument,$(OLD)) $(call argument,$(NEW))

blank: setup ## 生成空白填报表（YEAR= UNIT=）
	@$(RUN) blank $(OPTIONS)

plan: setup ## 把工作任务文件拆成台账（FILE=）
	@$(RUN) plan $(OPTIONS) $(call argument,$(FILE))

setup-dev:
	$(SETUP) --dev

test: setup-dev ## 运行全部测试
	@$(PYTHON_BIN) -m pytest -n 2

browsers: ## 取得网页测试用的旧版浏览器（Chromium 86、108）和 axe-core
	$(SETUP) --browsers

lint: setup-dev ## 检查代码风格、排版和模块层次
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/lint-imports && $(PYTHON_BIN) tools/make_docs.py --check

types: setup-dev ## 检查类型
	@.venv/bin/mypy

docs: setup ## 由规则重新生成 docs/ 中的说明
	@$(PYTHON_BIN) tools/make_docs.py

bench: ## 与同类程序比速度，写入 docs/bench.md
	$(SETUP) --bench && $(PYTHON_BIN) bench/run.py

bench-scale: ## 大规模测速（五万份报告、一万个单位）
	$(SETUP) --bench && $(PYTHON_BIN) bench/run.py --scale

bench-faults: setup-dev ## 在没有错的报送表里放入各种错误，看规则能否全部查出
	@$(PYTHON_BIN) bench/faults.py

clean: ## 删除缓存和 outputs/ 中的内容；填报数据和环境不动
	@rm -rf build ./*.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find report_builder tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +
	@find outputs -mindepth 1 ! -name .gitkeep -delete
