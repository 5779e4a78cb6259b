import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/* Asks for what a broker must refuse and prints the class that Java's client makes of each answer.
 * The topic "there" with two partitions has to exist. */
public class ErrorNames {
	private static void show(String what, KafkaFuture<?> answer) throws InterruptedException {
		try {
			answer.get();
			System.out.println(what + ": none");
		} catch (ExecutionException e) {
			System.out.println(what + ": " + e.getCause().getClass().getSimpleName());
		}
	}

	private static void create(Admin admin, String what, NewTopic topic)
			throws InterruptedException {
		show(what, admin.createTopics(List.of(topic)).all());
	}

	public static void main(String[] args) throws InterruptedException {
		Properties settings = new Properties();
		settings.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
		try (Admin admin = Admin.create(settings)) {
			create(admin, "exists", new NewTopic("there", 1, (short) 1));
			create(admin, "partitions", new NewTopic("new", 0, (short) 1));
			create(admin, "replicas", new NewTopic("new", 1, (short) 3));
			create(admin, "name", new NewTopic("no name", 1, (short) 1));
			create(admin, "config", new NewTopic("new", 1, (short) 1)
				.configs(Map.of("retention.ms", "long")));
			create(admin, "assignment", new NewTopic("new", Map.of(0, List.of(7))));
			show("fewer", admin.createPartitions(
				Map.of("there", NewPartitions.increaseTo(1))).all());
			show("absent", admin.deleteTopics(List.of("absent")).all());
			show("delete-past-end", admin.deleteRecords(
				Map.of(new TopicPartition("there", 0), RecordsToDelete.beforeOffset(99))).all());
		}
	}
}
