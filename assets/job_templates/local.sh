#!/bin/sh
# @job@, attempt @attempt@: made by dqmon from a template and kept for ever.
#
# In a template of your own (setting 'template' of [pool]) these stand for, each quoted for the shell already:
#   @command@  the whole command line, with the output going to the work folder
#   @job@ @attempt@ @run@  the job's name, its attempt, its run's number
#   @input@    the files that are read         @output@  the work folder
#   @status@   a file for dqmon's exit status: 0 done, 1 done with a finding, 2 refused or failed
cd @output@ || exit 2
@command@
status=$?
echo "$status" > @status@
# A finding is for people to look at; the job itself has ended well.
[ "$status" -le 1 ] || exit "$status"
exit 0
