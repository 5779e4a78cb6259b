/*
 * Runs Kafka's tools one after the other in one JVM, which starts once. A line of standard input is
 * one run: where its results go, the file of its standard input (or nothing), the class, and its
 * arguments, with \u0001 between. The results are files PLACE.out, PLACE.err and PLACE.code.
 */
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.kafka.common.utils.Exit;

public class RunTools {
	/* An end of the tool, not of the JVM; no tool catches it as one of its exceptions. */
	private static final class Ended extends Error {
		Ended() {
			super(null, null, false, false);
		}
	}

	private static volatile Integer code;

	private static void end(int status) {
		if (code == null)
			code = status;
		throw new Ended();
	}

	private static void call(String name, String[] args) {
		try {
			Class.forName(name).getMethod("main", String[].class).invoke(null, (Object) args);
		} catch (InvocationTargetException e) {
			if (!(e.getCause() instanceof Ended)) {
				e.getCause().printStackTrace();
				code = code == null ? 1 : code;
			}
		} catch (ReflectiveOperationException e) {
			e.printStackTrace();
			code = 99;
		}
	}

	private static void run(String[] words) throws Exception {
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		ByteArrayOutputStream err = new ByteArrayOutputStream();
		InputStream in = words[1].isEmpty() ? new ByteArrayInputStream(new byte[0])
			: new FileInputStream(words[1]);
		System.setIn(in);
		System.setOut(new PrintStream(out, true));
		System.setErr(new PrintStream(err, true));
		code = null;
		Thread t = new Thread(() -> call(words[2], Arrays.copyOfRange(words, 3, words.length)));
		t.start();
		t.join(60000);
		Path place = Path.of(words[0]);
		int status = t.isAlive() ? 98 : code == null ? 0 : code;
		Files.write(Path.of(place + ".out"), out.toByteArray());
		Files.write(Path.of(place + ".err"), err.toByteArray());
		Files.writeString(Path.of(place + ".code"), Integer.toString(status));
	}

	public static void main(String[] args) throws Exception {
		BufferedReader runs = new BufferedReader(
			new InputStreamReader(System.in, StandardCharsets.UTF_8));
		Exit.setExitProcedure((status, why) -> end(status));
		Exit.setHaltProcedure((status, why) -> end(status));
		for (String line = runs.readLine(); line != null; line = runs.readLine())
			run(line.split("\u0001", -1));
		Runtime.getRuntime().halt(0);
	}
}
